//! placeholder
use super::*;
pub static OPENAI: OpenAi = OpenAi;
#[derive(Debug)]
pub struct OpenAi;
impl Provider for OpenAi {
    fn id(&self) -> &'static str {
        "openai"
    }
    fn name(&self) -> &'static str {
        "OpenAI"
    }
    fn spot(&self, _: &[u8]) -> Vec<Range<usize>> {
        vec![]
    }
    fn support(&self, _: &ProviderOp, _: bool) -> Support {
        Support::Api
    }
    fn turn(&self, _: &ProviderOp, _: &[Exchange]) -> Turn {
        Turn::Fail(Fault::input("", ""))
    }
}
