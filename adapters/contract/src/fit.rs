/// What carrying a content takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Messages the provider counts for each recipient: segments of a short message, else 1.
    pub segments: usize,
    /// The text a reader will see: the whole one, the short one, or what the provider makes of its approved template.
    pub text: String,
}
