import { executionStoreContract } from '../../contracts/execution-store-contract.ts';
import { feedContract } from '../../contracts/feed-contract.ts';
import { forkContract } from '../../contracts/fork-contract.ts';
import { journalContract } from '../../contracts/journal-contract.ts';
import { retentionContract } from '../../contracts/retention-contract.ts';
import { openTemporaryState } from './open-state.ts';

executionStoreContract(openTemporaryState);
forkContract(openTemporaryState);
journalContract(openTemporaryState);
feedContract(openTemporaryState);
retentionContract(openTemporaryState);
