import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { DASHBOARD_LIMITS, GRID_COLUMNS, type Box } from "./document.ts";
import { parseVariableValue, type DashboardVariable, type VariableType, type VariableValueInput } from "./variable.ts";

/** A variable as the graph delivers it. */
export interface VariableInput {
  readonly name: string;
  readonly type: VariableType;
  readonly value: VariableValueInput;
  readonly places?: readonly { readonly widgetId: string; readonly path: readonly string[] }[];
}

/** Names on the way to a place within a question: deeper than any input is. */
const MAX_PATH = 32;
const MAX_PATH_NAME = 64;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Reads the id of a dashboard's widget; refuses with BAD_INPUT. */
export const parseWidgetId = (text: string, where: string): string => {
  if (isUuid(text)) return text.toLowerCase();
  throw bad(where, "The id of a widget is a UUID, chosen by who adds it.");
};

/** Reads a title of a dashboard or widget; refuses with BAD_INPUT. */
export const parseTitle = (text: string, where: string): string => {
  const title = text.trim();
  if (title !== "" && title.length <= DASHBOARD_LIMITS.title) return title;
  throw bad(where, `A title has 1 to ${DASHBOARD_LIMITS.title} characters.`);
};

/** Reads a description of a dashboard; refuses with BAD_INPUT. */
export const parseDescription = (text: string, where: string): string => {
  if (text.length <= DASHBOARD_LIMITS.description) return text;
  throw bad(where, `A description has at most ${DASHBOARD_LIMITS.description} characters.`);
};

/** Reads the text of a widget; refuses with BAD_INPUT. */
export const parseText = (text: string, where: string): string => {
  if (text.length <= DASHBOARD_LIMITS.text) return text;
  throw bad(where, `A text has at most ${DASHBOARD_LIMITS.text} characters.`);
};

const within = (value: number, least: number, most: number, where: string): number => {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw bad(where, `This is a whole number from ${least} to ${most}.`);
};

/** Reads where a widget is to lie; refuses with BAD_INPUT what reaches beyond the grid. */
export const parseBox = (box: Box, where: string): Box => {
  const width = within(box.width, 1, GRID_COLUMNS, `${where}.width`);
  return {
    x: within(box.x, 0, GRID_COLUMNS - width, `${where}.x`),
    y: within(box.y, 0, DASHBOARD_LIMITS.rows, `${where}.y`),
    width,
    height: within(box.height, 1, DASHBOARD_LIMITS.widgetHeight, `${where}.height`),
  };
};

const parsePath = (path: readonly string[], where: string): readonly string[] => {
  const [most, characters] = [MAX_PATH, MAX_PATH_NAME];
  if (path.length > 0 && path.length <= most && path.every((name) => name !== "" && name.length <= characters))
    return path;
  throw bad(where, `A path is 1 to ${most} names of input fields or places in lists, such as "filter" and "eq".`);
};

/** Reads a variable; refuses with BAD_INPUT. */
export const parseVariable = (input: VariableInput, where: string): DashboardVariable => {
  const { name, type, places = [] } = input;
  if (!NAME.test(name))
    throw bad(`${where}.name`, "A name is 1 to 64 letters, digits and _, and does not begin with a digit.");
  if (places.length > DASHBOARD_LIMITS.places)
    throw bad(`${where}.places`, `A variable has at most ${DASHBOARD_LIMITS.places} places.`);
  return {
    ...{ name, type, value: parseVariableValue(input.value, type, `${where}.value`) },
    places: places.map(({ widgetId, path }, index) => ({
      widgetId: parseWidgetId(widgetId, `${where}.places.${index}.widgetId`),
      path: parsePath(path, `${where}.places.${index}.path`),
    })),
  };
};
