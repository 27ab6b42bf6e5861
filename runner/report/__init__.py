"""The report on a sweep: one file with the question, the answer in words, charts, tables and how to reproduce it."""

from fitgap.runner.report.contents import Report, report_of
from fitgap.runner.report.page import html_page
from fitgap.runner.report.paper import pdf_document

__all__ = ["Report", "html_page", "pdf_document", "report_of"]
