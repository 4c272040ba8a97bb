// Clocks and dates as a phone in Kazakhstan shows them, whatever the clock of this computer says.

const parts = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Almaty", hourCycle: "h23",
  year: "numeric", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** {year, month, day, hour, minute, second} in Almaty as strings; `seconds` are Unix seconds in UTC. */
function almaty(seconds) {
  return Object.fromEntries(parts.formatToParts(new Date(seconds * 1000)).map(({ type, value }) => [type, value]));
}

/** "14:05" for Unix seconds. */
export function clock(seconds) {
  const { hour, minute } = almaty(seconds);
  return `${hour}:${minute}`;
}

/** The number of a day in Almaty, so that equal days compare equal and days can be subtracted. */
export function day(seconds) {
  const { year, month, day: date } = almaty(seconds);
  return Date.UTC(Number(year), Number(month) - 1, Number(date)) / 86400000;
}

/** "Today", "Yesterday", "21 November" or, in another year, "21 November 2025". */
export function dayName(seconds, now, words) {
  const ago = day(now) - day(seconds);
  if (ago === 0) return words.today;
  if (ago === 1) return words.yesterday;
  const { year, month, day: date } = almaty(seconds);
  const name = `${date} ${words.months[Number(month) - 1]}`;
  return almaty(now).year === year ? name : `${name} ${year}`;
}

/** The value of a datetime-local field in Almaty time. */
export function fieldValue(seconds) {
  const { year, month, day: date, hour, minute } = almaty(seconds);
  return `${year}-${month.padStart(2, "0")}-${date.padStart(2, "0")}T${hour}:${minute}`;
}

/** Unix seconds of a datetime-local field in Almaty time, or NaN. */
export function fieldSeconds(value) {
  const asUtc = Date.parse(`${value}:00Z`) / 1000;
  if (Number.isNaN(asUtc)) return NaN;
  const there = almaty(asUtc);
  const shown = Date.UTC(there.year, there.month - 1, there.day, there.hour, there.minute) / 1000;
  return asUtc - (shown - asUtc);
}

/** "1:05" for a length in seconds. */
export function length(seconds) {
  const whole = Math.max(0, Math.round(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
