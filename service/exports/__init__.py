"""Files made from a release, never from a query run again: what was seen is what is exported.

``service.exports.writing.export`` writes; ``service.exports.choices`` says what can be written and how.
"""
