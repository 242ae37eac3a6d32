/** A process of a campaign: is told its share, tells what came of it, and ends. */
import { once } from 'node:events';
import { runCampaign } from './campaign.ts';
import type { CampaignShare } from './parallel-campaign.ts';

const [message] = (await once(process, 'message')) as [CampaignShare];
const { forMs, ...share } = message;
process.send!(await runCampaign({ ...share, untilMs: performance.now() + forMs }), () => process.disconnect());
