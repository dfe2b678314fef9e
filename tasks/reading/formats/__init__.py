"""Forms: what each kind of file holds. One small module a form, named in FORMS by suffix.

A form of one document turns its text into Content. A form of many documents (jsonl, parquet, feeds) yields Rows.
Modules are imported when a file of their form is read: some bring heavy libraries.
"""
