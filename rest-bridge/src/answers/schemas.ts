import { Type, type TSchema, type TSchemaOptions } from "typebox";

/** A whole number of the graph: a JSON number while every reader can hold it exactly, a string beyond that. */
export const wholeNumber = (options: TSchemaOptions = {}) => Type.Union([Type.Integer(), Type.String()], options);
/** A value that may be missing. */
export const orNull = <Schema extends TSchema>(schema: Schema, options: TSchemaOptions = {}) =>
  Type.Union([schema, Type.Null()], options);
/** A moment, RFC 3339. */
export const moment = (options: TSchemaOptions = {}) => Type.String({ format: "date-time", ...options });
