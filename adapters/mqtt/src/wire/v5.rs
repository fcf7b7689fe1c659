//! MQTT 5.0.

use std::sync::Arc;

use futures_util::stream;
use rumqttc::{
    NetworkOptions, Outgoing, TlsConfiguration, TlsError, Transport,
    v5::{
        AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, StateError,
        mqttbytes::{
            QoS,
            v5::{
                ConnectProperties, ConnectReturnCode, Filter, LastWill, Packet, PubAckReason, PublishProperties,
                SubscribeReasonCode,
            },
        },
    },
};

use super::{Broken, Client, Heard, Hearing, INCOMING_MAX, Message, NoRoom, Publication, REQUESTS, SESSION_S};
use super::{Unanswered, WINDOW, presence};
use crate::settings::Broker;

pub(super) fn open(broker: &Broker) -> (Client, Hearing) {
    let (client, events) = AsyncClient::new(options(broker), REQUESTS);
    (Client::V5(client), Box::pin(stream::unfold(events, next)))
}

fn options(broker: &Broker) -> MqttOptions {
    let mut options = MqttOptions::new(&*broker.client_id, &*broker.host, broker.port);
    let will = LastWill::new(broker.topics.presence(), presence(false), QoS::AtLeastOnce, true, None);
    if !broker.only_looks {
        options.set_last_will(will);
    }
    options.set_keep_alive(broker.keep_alive);
    options.set_connection_timeout(broker.connect_timeout_s);
    options.set_clean_start(broker.only_looks);
    options.set_manual_acks(true);
    options.set_outgoing_inflight_upper_limit(WINDOW);
    options.set_connect_properties(ConnectProperties {
        session_expiry_interval: Some(if broker.only_looks { 0 } else { SESSION_S }),
        receive_maximum: Some(WINDOW),
        max_packet_size: Some(INCOMING_MAX),
        ..ConnectProperties::new()
    });
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
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
        Event::Incoming(Packet::ConnAck(answer)) => {
            Heard::Connected { packet_max: answer.properties.and_then(|properties| properties.max_packet_size) }
        }
        Event::Incoming(Packet::PubAck(answer)) => {
            Heard::Answered { number: answer.pkid, code: answer_code(answer.reason) }
        }
        Event::Incoming(Packet::Publish(message)) => Heard::Message(Message {
            topic: String::from_utf8_lossy(&message.topic).into_owned(),
            payload: message.payload.clone(),
            unanswered: Unanswered::V5(Box::new(message)),
        }),
        Event::Incoming(Packet::SubAck(answer)) => {
            let granted = |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
            if answer.return_codes.iter().all(granted) { Heard::Other } else { Heard::Deaf }
        }
        Event::Outgoing(Outgoing::Publish(number)) => Heard::Sent(number),
        _ => Heard::Other,
    }
}

fn broken(fault: &ConnectionError) -> Broken {
    match fault {
        ConnectionError::ConnectionRefused(code) => Broken::code("connect", code_of(*code)),
        ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
            Broken::code("disconnect", *reason_code as u8)
        }
        ConnectionError::Io(error) | ConnectionError::Tls(TlsError::Io(error)) => Broken::io(error),
        ConnectionError::Tls(fault) => Broken { code: "tls".to_owned(), text: fault.to_string() },
        other => Broken::other(other),
    }
}

/// The numbers of MQTT 5.0 §3.2.2.2; those of 3.1.1 come from brokers that speak nothing else.
fn code_of(code: ConnectReturnCode) -> u8 {
    match code {
        ConnectReturnCode::Success => 0,
        ConnectReturnCode::RefusedProtocolVersion => 0x01,
        ConnectReturnCode::BadClientId => 0x02,
        ConnectReturnCode::ServiceUnavailable => 0x03,
        ConnectReturnCode::UnspecifiedError => 0x80,
        ConnectReturnCode::MalformedPacket => 0x81,
        ConnectReturnCode::ProtocolError => 0x82,
        ConnectReturnCode::ImplementationSpecificError => 0x83,
        ConnectReturnCode::UnsupportedProtocolVersion => 0x84,
        ConnectReturnCode::ClientIdentifierNotValid => 0x85,
        ConnectReturnCode::BadUserNamePassword => 0x86,
        ConnectReturnCode::NotAuthorized => 0x87,
        ConnectReturnCode::ServerUnavailable => 0x88,
        ConnectReturnCode::ServerBusy => 0x89,
        ConnectReturnCode::Banned => 0x8A,
        ConnectReturnCode::BadAuthenticationMethod => 0x8C,
        ConnectReturnCode::TopicNameInvalid => 0x90,
        ConnectReturnCode::PacketTooLarge => 0x95,
        ConnectReturnCode::QuotaExceeded => 0x97,
        ConnectReturnCode::PayloadFormatInvalid => 0x99,
        ConnectReturnCode::RetainNotSupported => 0x9A,
        ConnectReturnCode::QoSNotSupported => 0x9B,
        ConnectReturnCode::UseAnotherServer => 0x9C,
        ConnectReturnCode::ServerMoved => 0x9D,
        ConnectReturnCode::ConnectionRateExceeded => 0x9F,
    }
}

/// The numbers of MQTT 5.0 §3.4.2.1.
fn answer_code(reason: PubAckReason) -> u8 {
    match reason {
        PubAckReason::Success => 0,
        PubAckReason::NoMatchingSubscribers => 0x10,
        PubAckReason::UnspecifiedError => 0x80,
        PubAckReason::ImplementationSpecificError => 0x83,
        PubAckReason::NotAuthorized => 0x87,
        PubAckReason::TopicNameInvalid => 0x90,
        PubAckReason::PacketIdentifierInUse => 0x91,
        PubAckReason::QuotaExceeded => 0x97,
        PubAckReason::PayloadFormatInvalid => 0x99,
    }
}

pub(super) fn publish(client: &AsyncClient, message: Publication) -> Result<(), NoRoom> {
    let properties = PublishProperties {
        payload_format_indicator: Some(1),
        content_type: Some("application/json".to_owned()),
        message_expiry_interval: message.expiry_s,
        ..PublishProperties::default()
    };
    let sent = client.try_publish_with_properties(message.topic, QoS::AtLeastOnce, true, message.payload, properties);
    sent.map_err(|_| NoRoom)
}

pub(super) fn subscribe(client: &AsyncClient, filters: Vec<String>) -> Result<(), NoRoom> {
    let filters = filters.into_iter().map(|filter| Filter::new(filter, QoS::AtLeastOnce));
    client.try_subscribe_many(filters).map_err(|_| NoRoom)
}
