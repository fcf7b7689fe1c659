//! MQTT 3.1.1.

use std::sync::Arc;

use futures_util::stream;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, QoS,
    SubscribeFilter, SubscribeReasonCode, TlsConfiguration, TlsError, Transport,
};

use super::{Broken, Client, Heard, Hearing, INCOMING_MAX, Message, NoRoom, OUTGOING_MAX, Publication, REQUESTS};
use super::{Unanswered, WINDOW, presence};
use crate::settings::Broker;

pub(super) fn open(broker: &Broker) -> (Client, Hearing) {
    let (client, mut events) = AsyncClient::new(options(broker), REQUESTS);
    let mut network = events.network_options();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(broker.connect_timeout_s);
    events.set_network_options(network);
    (Client::V3(client), Box::pin(stream::unfold(events, next)))
}

fn options(broker: &Broker) -> MqttOptions {
    let mut options = MqttOptions::new(&*broker.client_id, &*broker.host, broker.port);
    let will = LastWill::new(broker.topics.presence(), presence(false), QoS::AtLeastOnce, true);
    if !broker.only_looks {
        options.set_last_will(will);
    }
    options.set_keep_alive(broker.keep_alive);
    // What is sent while we are away is lost: a kept session could hold a message too long for us, again and again.
    options.set_clean_session(true);
    options.set_manual_acks(true);
    options.set_inflight(WINDOW);
    options.set_max_packet_size(INCOMING_MAX as usize, OUTGOING_MAX as usize);
    if let Some(login) = &broker.login {
        options.set_credentials(&*login.username, &*login.password);
    }
    if let Some(tls) = &broker.tls {
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::clone(tls))));
    }
    options
}

async fn next(mut events: EventLoop) -> Option<(Result<Heard, Broken>, EventLoop)> {
    let heard = events.poll().await;
    Some((heard.map(heard_of).map_err(|fault| broken(&fault)), events))
}

fn heard_of(event: Event) -> Heard {
    match event {
        Event::Incoming(Packet::ConnAck(_)) => Heard::Connected { packet_max: None },
        Event::Incoming(Packet::PubAck(answer)) => Heard::Answered { number: answer.pkid, code: 0 },
        Event::Incoming(Packet::Publish(message)) => Heard::Message(Message {
            topic: message.topic.clone(),
            payload: message.payload.clone(),
            unanswered: Unanswered::V3(message),
        }),
        Event::Incoming(Packet::SubAck(answer)) if answer.return_codes.contains(&SubscribeReasonCode::Failure) => {
            Heard::Deaf
        }
        Event::Outgoing(Outgoing::Publish(number)) => Heard::Sent(number),
        _ => Heard::Other,
    }
}

fn broken(fault: &ConnectionError) -> Broken {
    match fault {
        ConnectionError::ConnectionRefused(code) => Broken::code("connect", code_of(*code)),
        ConnectionError::Io(error) | ConnectionError::Tls(TlsError::Io(error)) => Broken::io(error),
        ConnectionError::Tls(fault) => Broken { code: "tls".to_owned(), text: fault.to_string() },
        other => Broken::other(other),
    }
}

fn code_of(code: ConnectReturnCode) -> u8 {
    match code {
        ConnectReturnCode::Success => 0,
        ConnectReturnCode::RefusedProtocolVersion => 1,
        ConnectReturnCode::BadClientId => 2,
        ConnectReturnCode::ServiceUnavailable => 3,
        ConnectReturnCode::BadUserNamePassword => 4,
        ConnectReturnCode::NotAuthorized => 5,
    }
}

pub(super) fn publish(client: &AsyncClient, message: Publication) -> Result<(), NoRoom> {
    client.try_publish(message.topic, QoS::AtLeastOnce, true, message.payload).map_err(|_| NoRoom)
}

pub(super) fn subscribe(client: &AsyncClient, filters: Vec<String>) -> Result<(), NoRoom> {
    let filters = filters.into_iter().map(|filter| SubscribeFilter::new(filter, QoS::AtLeastOnce));
    client.try_subscribe_many(filters).map_err(|_| NoRoom)
}
