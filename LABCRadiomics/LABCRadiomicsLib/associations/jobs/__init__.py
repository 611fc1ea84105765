"""One file a job: its options, what it runs, and its section of the folder and page."""
