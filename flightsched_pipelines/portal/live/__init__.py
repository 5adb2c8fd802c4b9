"""The live stream as Server-Sent Events: for applications and people with a token, and for the dispatch board."""
