"""The rows of the wire vectors, and what lays them out."""
