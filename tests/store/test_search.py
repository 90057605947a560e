"""What is stored can be found by its words, and the index says what the items say."""
