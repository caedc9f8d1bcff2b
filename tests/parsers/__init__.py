"""Every parser of foreign bytes, and inputs that are made to keep one busy."""
