-- A view whose query was modified (0036) has another identity until the store is started again, and the tokens of its rows are made of it: a batch that was tried before
-- and after that start would be in events_by_person twice. Reading the view's definition again gives it the identity it will have after a start.

DETACH TABLE IF EXISTS tessera.events_by_person_view;

ATTACH TABLE IF NOT EXISTS tessera.events_by_person_view;
