/** Hosts that are made up: `source` of every record of the simulator begins like this, so that nobody takes its figures for real ones. */
export const SIMULATED_SOURCE_PREFIX = 'host/simulated-';
