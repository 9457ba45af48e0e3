"""One person alone, through every action there is: what they try, and what it must not do."""
