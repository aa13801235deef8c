"""New instructions out of what the student finds hard and easy (Lion, Jiang et al. 2023,
arXiv:2305.12870), and the controls that look at neither.

sources.py   a question that was scored, and which one a call starts from
shown.py     how a source stands in the prompt        written.py   who is taken in
write.py     new ones by the teacher                  plain.py     plain Self-Instruct
reserve.py   new ones out of a file, without a teacher
"""
