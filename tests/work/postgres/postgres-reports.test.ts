import { supervisionContract } from '../../contracts/supervision-contract.ts';
import { usageReportContract } from '../../contracts/usage-report-contract.ts';
import { openTemporaryState } from './open-state.ts';

usageReportContract(openTemporaryState);
supervisionContract(openTemporaryState);
