import type { AnomalyPicture } from "./operations/explain/draw-anomaly.ts";
import type { RecordedChange } from "./domain/explain/change-record.ts";
import type { ChangeSource } from "./domain/explain/change-source.ts";
import type { RankedChange } from "./domain/explain/changes-near.ts";
import type { CorrelatedEpisode } from "./domain/explain/correlated.ts";
import type { ShapeMatch } from "./domain/explain/shape.ts";
import type { Anomaly } from "./domain/anomaly.ts";
import type { ExpectedPeriod, Feedback } from "./domain/feedback/feedback.ts";
import type { Learned, LearnedEffect } from "./domain/feedback/learned.ts";
import type { Rule } from "./domain/rule.ts";
import type { AlertStanding } from "./domain/rules/alert-standing.ts";
import type { ChangedAlert, RuleAlerts } from "./operations/follow-alerts.ts";
import type { Endpoint } from "./domain/webhooks/endpoint.ts";
import type { WebhookEventType } from "./domain/webhooks/event-type.ts";
import type { Delivery } from "./store/webhooks/delivery-list-store.ts";
import type { Channel, TenantTemplates } from "./domain/notify/channel.ts";
import type { Notification } from "./domain/notify/delivery.ts";
import type { Digest } from "./domain/notify/digest.ts";
import type { QuietHours } from "./domain/notify/quiet-hours.ts";
import type { Incident, IncidentEntry, IncidentLink, RoleHolder, Sign } from "./domain/incidents/incident.ts";
import type { IncidentPolicy, SavedPolicies } from "./domain/incidents/incident-policy.ts";
import type { IncidentEvent } from "./operations/incidents/follow-incidents.ts";
import type { ContactsOfPerson, PlannedPage, SavedEscalation } from "./domain/on-call/escalation.ts";
import type { OnCall, OnCallOverride } from "./domain/on-call/on-call-schedule.ts";
import type { SavedObjective } from "./domain/objectives/objective.ts";
import type { BurnRate, Forecast, ObjectiveDay } from "./domain/objectives/objective-report.ts";
import type { ReadGroups, ReadObjective } from "./operations/objectives/read-objective.ts";
import type { SavedCalendar } from "./domain/calendars/event-calendar.ts";
import type { Occurrence } from "./domain/calendars/occurrences.ts";
import type { Page } from "./domain/on-call/page.ts";
import type { SavedOnCallSchedule } from "./domain/on-call/saved-schedule.ts";
import type { Shift } from "./domain/on-call/shifts.ts";
import type { SavedInhibition, Silence } from "./domain/silences/silence.ts";
import type { ListedDelivery } from "./operations/notify/notify-operations.ts";

/** What resolvers of `Anomaly` receive. */
export type AnomalyParent = Anomaly;
/** What resolvers of `AlertSeries` receive. */
export type AlertSeriesParent = AlertStanding;
/** What resolvers of `AlertChangedEvent` receive. */
export type AlertChangedEventParent = ChangedAlert;
/** What resolvers of `RuleAlertsEvent` receive. */
export type RuleAlertsEventParent = RuleAlerts;
/** What resolvers of `Rule` receive. */
export type RuleParent = Rule;
/** What resolvers of `WebhookEndpoint` receive. */
export type WebhookEndpointParent = Endpoint;
/** What resolvers of `WebhookEndpointChannel` receive. */
export interface WebhookEndpointChannelParent {
  readonly endpointId: string;
}
/** What resolvers of `WebhookDelivery` receive. */
export type WebhookDeliveryParent = Delivery;
/** What resolvers of `WebhookEventType` receive. */
export type WebhookEventTypeParent = WebhookEventType;
/** What resolvers of `NotificationChannel` receive. */
export type NotificationChannelParent = Channel;
/** What resolvers of `NotificationTemplate` receive. */
export type NotificationTemplateParent = TenantTemplates;
/** What resolvers of `QuietHours` receive. */
export type QuietHoursParent = QuietHours;
/** What resolvers of `NotificationDigest` receive. */
export type NotificationDigestParent = Digest;
/** What resolvers of `NotificationDelivery` receive. */
export type NotificationDeliveryParent = ListedDelivery;
/** What resolvers of `Notification` receive. */
export type NotificationParent = Notification;
/** What resolvers of `EventCalendar` receive. */
export type EventCalendarParent = SavedCalendar;
/** What resolvers of `CalendarOccurrence` receive. */
export type CalendarOccurrenceParent = Occurrence;
/** What resolvers of `Objective` receive. */
export type ObjectiveParent = SavedObjective;
/** What resolvers of `ObjectiveStatus` receive. */
export type ObjectiveStatusParent = ReadObjective;
/** What resolvers of `ObjectiveProvenance` receive. */
export type ObjectiveProvenanceParent = ReadObjective["readFrom"];
/** What resolvers of `ObjectiveGroupStatus` receive. */
export type ObjectiveGroupStatusParent = ReadGroups["groups"][number];
/** What resolvers of `ObjectiveBurnRate` receive. */
export type ObjectiveBurnRateParent = BurnRate;
/** What resolvers of `ObjectiveDay` receive. */
export type ObjectiveDayParent = ObjectiveDay;
/** What resolvers of `ObjectiveForecast` receive. */
export type ObjectiveForecastParent = Forecast;
/** What resolvers of `Incident` receive. */
export type IncidentParent = Incident;
/** What resolvers of `IncidentAlert` receive. */
export type IncidentAlertParent = Sign;
/** What resolvers of `IncidentEntry` receive. */
export type IncidentEntryParent = IncidentEntry;
/** What resolvers of `IncidentLink` receive. */
export type IncidentLinkParent = IncidentLink;
/** What resolvers of `IncidentRoleHolder` receive. */
export type IncidentRoleHolderParent = RoleHolder;
/** What resolvers of `IncidentPolicy` receive. */
export type IncidentPolicyParent = IncidentPolicy;
/** What resolvers of `IncidentPolicies` receive. */
export type IncidentPoliciesParent = SavedPolicies;
/** What resolvers of `IncidentChangedEvent` receive. */
export type IncidentChangedEventParent = IncidentEvent;
/** What resolvers of `Silence` receive. */
export type SilenceParent = Silence;
/** What resolvers of `Inhibition` receive. */
export type InhibitionParent = SavedInhibition;
/** What resolvers of `OnCallSchedule` receive. */
export type OnCallScheduleParent = SavedOnCallSchedule;
/** What resolvers of `OnCallOverride` receive. */
export type OnCallOverrideParent = OnCallOverride;
/** What resolvers of `OnCallShift` receive. */
export type OnCallShiftParent = Shift;
/** What resolvers of `OnCall` receive. */
export type OnCallParent = OnCall;
/** What resolvers of `WatchedChange` receive: the change, as JSON. */
export interface WatchedChangeParent {
  readonly asked: string;
}
/** What resolvers of `AnomalyFeedback` receive: all that was said of it, oldest first. */
export interface AnomalyFeedbackParent {
  readonly history: readonly Feedback[];
}
/** What resolvers of `FeedbackEntry` receive. */
export type FeedbackEntryParent = Feedback;
/** What resolvers of `ExpectedPeriod` receive. */
export type ExpectedPeriodParent = ExpectedPeriod;
/** What resolvers of `LearnedSeries` receive. */
export type LearnedSeriesParent = Learned;
/** What resolvers of `LearnedEffect` receive. */
export type LearnedEffectParent = LearnedEffect;
/** What resolvers of `ChangeSource` receive. */
export type ChangeSourceParent = ChangeSource;
/** What resolvers of `RecordedChange` receive. */
export type RecordedChangeParent = RecordedChange;
/** What resolvers of `NearbyChange` receive. */
export type NearbyChangeParent = RankedChange<RecordedChange>;
/** What resolvers of `CorrelatedAnomaly` receive. */
export type CorrelatedAnomalyParent = CorrelatedEpisode<Anomaly>;
/** What resolvers of `CorrelatedShape` receive. */
export type CorrelatedShapeParent = ShapeMatch;
/** What resolvers of `EscalationPolicy` receive. */
export type EscalationPolicyParent = SavedEscalation;
/** What resolvers of `NotificationContacts` receive. */
export type NotificationContactsParent = ContactsOfPerson;
/** What resolvers of `EscalationPage` receive. */
export type EscalationPageParent = Page;
/** What resolvers of `PlannedPage` receive. */
export type PlannedPageParent = PlannedPage;
/** What resolvers of `PlannedContact` receive. */
export type PlannedContactParent = PlannedPage["contacts"][number];
/** What resolvers of `AnomalyPicture` receive. */
export type AnomalyPictureParent = AnomalyPicture;
