/** Tables whose changes topics of their own tell, or that are part of what such a topic or a trigger on another table tells. */
export const TOLD_ELSEWHERE: Readonly<Record<string, string>> = {
  anomaly: "alert.changed, anomaly.raised",
  anomaly_feedback: "anomaly.judged",
  anomaly_transition: "alert.changed",
  cohort_version: "the cohort's",
  correlation_match: "correlation.matched",
  correlation_rule_version: "the correlation rule's",
  dashboard_comment: "dashboard.commented",
  dashboard_version: "dashboard.changed",
  incident: "incident.changed",
  incident_entry: "incident.changed",
  incident_link: "incident.changed",
  job: "job.changed",
  limit_breach: "tenant.limit-passed",
  operator_grant: "operator.access",
  person_erasure: "person.erased",
  quality_expectation_version: "the expectation's",
  report: "report.changed",
  report_run: "report.changed",
  rollup_version: "the rollup's",
  security_event: "security.event-raised",
  semantic_definition_version: "the definition's",
  share_link: "the dashboard link's",
  tenant_history: "tenant.changed",
  tenant_tombstone: "the tenant is gone, and who would be told with it",
  throttle: "security.event-raised, security.throttle-lifted",
  webhook_endpoint: "webhook.endpoint-changed",
  webhook_secret: "webhook.endpoint-changed",
};

const COUNTED = "what runs keep of how far they are";
const SENT = "what senders keep of what they send: telling of it would tell of itself";
const SIGN_IN = "sign-ins and their secrets, which no webhook tells; abuse of them is security.event";

/** Tables whose changes no webhook tells, and why. */
export const UNTOLD_TABLES: Readonly<Record<string, string>> = {
  ...{ abuse_place: COUNTED, abuse_source: COUNTED, anomaly_bucket: COUNTED, anomaly_series: COUNTED },
  ...{ asked_shape: COUNTED, cohort_size: COUNTED, correlation_run: COUNTED, correlation_shard: COUNTED },
  ...{ incident_place: COUNTED, incident_sign: COUNTED, rollup_build: COUNTED },
  quality_verdict: COUNTED,
  ...{ cohort_reference: "which definitions name a cohort: follows from them", semantic_reference: "the like" },
  ...{ semantic_cohort_reference: "the like" },
  ...{ usage_day: COUNTED, usage_hour: COUNTED, usage_record: COUNTED, usage_storage: COUNTED },
  ...{ audit_node: "the audit log is read for it", audit_record: "the like", audit_seal: "the like" },
  dashboard_edit: "keys of edits, by which one that is sent again is known; dashboard.changed tells the edit",
  dashboard_presence: "who looks at a dashboard this second",
  ...{ escalation_page: SENT, notification: SENT, notification_read: "what one person has read" },
  ...{ notify_delivery: SENT, notify_group_member: SENT, notify_notice: SENT, notify_thread: SENT },
  ...{ notify_inbound_event: "what a provider told back; what follows of it is told", notify_remote: SENT },
  ...{ webhook_attempt: SENT, webhook_delivery: SENT, webhook_message: SENT },
  ...{ oauth_denied: SIGN_IN, oauth_state: SIGN_IN, person_password: SIGN_IN },
  request_nonce: SIGN_IN,
  ...{ people_change: "who is the same person: personal data, by most events", people_identity: "the like" },
  ...{ report_file: "report.ready tells the run whose files they are", report_file_part: "the like" },
  ...{ shared_indicator: "hashes that are shared so that nobody is named", shared_indicator_lookup: "the like" },
  event_log: "the log itself",
};
