//! The stand-in, proved by a client that others wrote (PyPI `aioapns`): what it takes and says is not our invention.

use super::*;
use crate::peer::python;

#[tokio::test]
async fn a_foreign_client_and_the_stand_in_understand_each_other() {
    let apple = Apple::start(100).await;
    let port = apple.program.port.to_string();
    let [key, certificate] = ["apns.p8", "cert.pem"].map(|name| apple.file(name).display().to_string());
    let arguments = [&*port, &key, KEY_ID, TEAM_ID, TOPIC, &certificate, &NOW.to_string()];
    let said = python("apns_client.py", "aioapns", &arguments, "").await;
    let expected =
        "200 \n410 Unregistered 1795478400000\n400 BadDeviceToken\n400 BadPriority\n403 InvalidProviderToken\n";
    assert_eq!(said, expected);
    assert_eq!(apple.counts().await["taken"], 1);
}
