"""An account service whose core knows no technology."""
