# behaviour: exits with status 0 before it listens, without a word
