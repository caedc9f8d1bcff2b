"""What was there before, or was missed: every object of a bucket, compared and forwarded."""
