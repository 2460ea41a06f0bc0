"""Work that outlives a request: asked for, kept in the store, done by whichever server process is free.

A job's files lie in ``<data_dir>/jobs/<id>``; a lock there says that somebody is at it, so that what a killed process
left is seen at once and done again. Imports are whole or nothing and write nothing twice: doing one again is safe.
"""

from service.jobs.folder import JobFolder, Progress
from service.jobs.records import IMPORT, Job, JobState, add_job, get_job, list_jobs
from service.jobs.running import Runner

__all__ = ["IMPORT", "Job", "JobFolder", "JobState", "Progress", "Runner", "add_job", "get_job", "list_jobs"]
