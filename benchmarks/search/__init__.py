"""What the table `search` needs: problems whose answers are looked up or computed, runs, and their judgement."""
