/** Milliseconds: a duration, or an instant of a `Clock`. */
export type Millis = number
/** Whole seconds, as DNS counts TTLs. */
export type Seconds = number
/** Kernel interface index; 0 stands for "no particular link" wherever that is allowed. */
export type IfIndex = number
