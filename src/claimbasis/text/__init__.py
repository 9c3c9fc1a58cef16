"""From files to articles, and from articles to statements."""
