"""Operations become HTTP flows, answers outcomes; how marketplaces differ is data."""
