/** Kinds of programs: when people use them, for what, and how much happens off screen. */
import type { Category } from '../../../schemas/codes.ts';

export type ProgramClass = {
  readonly name: string;
  /** Local hours of the day around which use gathers, and how wide each peak is in hours. */
  readonly peaks: readonly (readonly [hour: number, weight: number, width: number])[];
  /** What is left at the quietest hour, against the mean. */
  readonly floor: number;
  readonly weekend: readonly [low: number, high: number];
  readonly holiday: readonly [low: number, high: number];
  /** Mean share of accesses off screen, and how it varies between programs. */
  readonly background: number;
  readonly categories: readonly Category[];
};

export const CLASSES: readonly ProgramClass[] = [
  {
    name: 'food-delivery',
    peaks: [
      [12, 3, 1.2],
      [18.5, 4, 1.6],
    ],
    floor: 0.1,
    weekend: [1, 1.5],
    holiday: [1.1, 2],
    background: 0.12,
    categories: ['location', 'address', 'phone_number', 'order_history', 'user_profile', 'camera', 'clipboard', 'device_info'],
  },
  {
    name: 'ride-hailing',
    peaks: [
      [8, 4, 1],
      [18, 4, 1.3],
      [23, 1.5, 1.5],
    ],
    floor: 0.15,
    weekend: [0.6, 1.2],
    holiday: [0.3, 0.9],
    background: 0.15,
    categories: ['location', 'location_coarse', 'phone_number', 'contacts', 'order_history', 'user_profile', 'motion'],
  },
  {
    name: 'bank',
    peaks: [
      [10, 3, 2],
      [15, 2, 2.5],
    ],
    floor: 0.05,
    weekend: [0.25, 0.6],
    holiday: [0.2, 0.5],
    background: 0.03,
    categories: [
      'identity_document',
      'biometrics',
      'device_info',
      'sms',
      'phone_number',
      'user_profile',
      'clipboard',
      'location_coarse',
    ],
  },
  {
    name: 'photo-editor',
    peaks: [
      [13, 1.5, 2],
      [21, 3, 2.2],
    ],
    floor: 0.08,
    weekend: [1.2, 1.8],
    holiday: [1.4, 2.5],
    background: 0.05,
    categories: ['photos', 'photos_write', 'camera', 'media_library', 'files', 'user_profile', 'location'],
  },
  {
    name: 'messenger',
    peaks: [
      [9, 2, 2],
      [20, 3, 3],
    ],
    floor: 0.2,
    weekend: [0.9, 1.2],
    holiday: [1, 2],
    background: 0.25,
    categories: ['contacts', 'social_graph', 'microphone', 'camera', 'photos', 'clipboard', 'user_profile', 'published_content'],
  },
  {
    name: 'fitness',
    peaks: [
      [6.5, 3, 1],
      [19, 3, 1.8],
    ],
    floor: 0.06,
    weekend: [0.9, 1.4],
    holiday: [0.6, 1.2],
    background: 0.3,
    categories: ['motion', 'health', 'location', 'bluetooth', 'user_profile', 'activity_log', 'calendar'],
  },
  {
    name: 'game',
    peaks: [
      [12.5, 1.5, 1.2],
      [21.5, 4, 2.5],
    ],
    floor: 0.15,
    weekend: [1.2, 1.8],
    holiday: [1.3, 2.4],
    background: 0.04,
    categories: ['user_profile', 'social_graph', 'device_info', 'clipboard', 'motion', 'published_content'],
  },
  {
    name: 'smart-home',
    peaks: [
      [7, 2, 1.5],
      [19, 2.5, 2.5],
    ],
    floor: 0.45,
    weekend: [1, 1.3],
    holiday: [0.8, 1.4],
    background: 0.35,
    categories: ['bluetooth', 'location_coarse', 'device_info', 'activity_log', 'camera', 'microphone'],
  },
  {
    name: 'parking',
    peaks: [
      [9, 3, 1.2],
      [14, 1, 2],
      [18, 2.5, 1.2],
    ],
    floor: 0.04,
    weekend: [0.5, 1.3],
    holiday: [0.3, 1.4],
    background: 0.08,
    categories: ['license_plate', 'location', 'invoice', 'phone_number', 'camera', 'order_history'],
  },
  {
    name: 'office',
    peaks: [
      [9.5, 4, 1.5],
      [14.5, 4, 2],
    ],
    floor: 0.03,
    weekend: [0.05, 0.3],
    holiday: [0.2, 0.4],
    background: 0.1,
    categories: ['calendar', 'calendar_write', 'contacts', 'files', 'email', 'invoice', 'microphone', 'screen_recording'],
  },
  {
    name: 'clinic',
    peaks: [
      [9, 3, 1.5],
      [16, 2, 2],
    ],
    floor: 0.05,
    weekend: [0.3, 0.7],
    holiday: [0.2, 0.6],
    background: 0.02,
    categories: ['health', 'identity_document', 'phone_number', 'calendar', 'address', 'photos', 'user_profile'],
  },
  {
    name: 'news',
    peaks: [
      [7.5, 3, 1.2],
      [12, 1.5, 1],
      [22, 2, 1.5],
    ],
    floor: 0.12,
    weekend: [0.7, 1.2],
    holiday: [0.6, 1.3],
    background: 0.2,
    categories: ['location_coarse', 'published_content', 'device_info', 'activity_log', 'clipboard', 'email', 'user_profile'],
  },
];
