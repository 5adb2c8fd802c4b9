"""The portal without a database."""
