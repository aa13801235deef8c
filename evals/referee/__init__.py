"""A referee's scores from 1 to 10 for the teacher's and the student's answers to a prompt.

They choose what the adversarial loop works on, and stand beside what was measured on tasks and
never in its place.
"""
