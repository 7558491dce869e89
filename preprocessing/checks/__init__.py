"""Problems of a data set: pictures, captions, near duplicates."""
