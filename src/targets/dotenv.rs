//! placeholder
use super::*;
pub static DOTENV: DotEnv = DotEnv;
#[derive(Debug)]
pub struct DotEnv;
impl Target for DotEnv {
    fn id(&self) -> &'static str {
        "dotenv"
    }
    fn name(&self) -> &'static str {
        "env file"
    }
    fn support(&self, _: &TargetOp) -> Support {
        Support::Automatic
    }
    fn plan(&self, _: &TargetOp) -> Result<Job, Fault> {
        Err(Fault::input("", ""))
    }
}
