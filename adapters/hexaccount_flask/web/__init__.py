"""What is the same for the routes of all capabilities: operations, requests, problems, limits and the API document."""
