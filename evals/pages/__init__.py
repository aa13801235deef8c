"""The report in words, tables and pictures: HTML, Markdown, terminal."""
