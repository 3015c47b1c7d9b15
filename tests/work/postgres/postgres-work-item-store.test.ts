import { workItemDependenciesContract } from '../../contracts/work-item-dependencies-contract.ts';
import { workItemStoreContract } from '../../contracts/work-item-store-contract.ts';
import { openTemporaryState } from './open-state.ts';

workItemStoreContract(openTemporaryState);
workItemDependenciesContract(openTemporaryState);
