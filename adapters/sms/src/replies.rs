//! What people write back, put together from its parts.
