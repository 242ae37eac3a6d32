/** `npm run bench`. */
import { Output } from '../../../services/cli/output/output.ts';
import { benchCommand } from './bench-command.ts';

process.exitCode = await benchCommand(new Output(), process.argv.slice(2));
