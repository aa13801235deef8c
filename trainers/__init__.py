"""The student trainer. Torch and tokens stay behind this line: Records come in, a folder goes out."""
