"""What a release shows as a whole: counted from its shortlists and records, never from a query run again.

``service.reports.making.make`` makes a report by its name; each module here is one report and its nouns.
"""
