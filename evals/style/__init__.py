"""Style: how much of the teacher's way of writing came through, on held-out open prompts.

The ceiling is a second sample of the teacher: no student can be asked to be nearer to the teacher
than the teacher is to itself.
"""
