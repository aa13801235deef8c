"""The student trainer. Torch and tokens stay behind this line: Records in, a folder out."""
