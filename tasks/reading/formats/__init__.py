"""Formats: what each kind of file holds. One small module a format, named in FORMATS by suffix.

A format of one document turns its text into Content. A format of many (jsonl, parquet, feeds) yields SourceRecords.
Modules are imported when a file of their format is read: some bring heavy libraries.
"""
