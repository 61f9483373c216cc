"""What a model says: any published form becomes a `Model`; bands are matched, classes get colours. Standard library
alone.
"""
