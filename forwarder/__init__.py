"""The Lambda function that tells Landfall about each new S3 object."""
