"""The rules of landing objects. Knows no Flask, no cloud client, no environment."""
